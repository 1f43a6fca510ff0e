// The guide shows what its program finds: the transcript and the picture of the shrunk failure are those of this code.
// With QUORATE_UPDATE=1 both are written anew.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onSources, runProgram, snippetsOfDocument } from '../../support/docs/snippets.ts';

const ROOT = new URL('../../..', import.meta.url);
const GUIDE = new URL('docs/SIMULATING-ACTORS.md', ROOT);
const PICTURE = new URL('docs/images/actor-failure.svg', ROOT);
const TRANSCRIPT = /(?<=```text\n).*?(?=```)/s;

// Below the repository, so that the program finds the installed packages; removed afterwards.
const folder = new URL(`.snippets/guide-${process.pid}/`, ROOT).pathname;

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('The guide to simulating actors', () => {
  it('shows the transcript and the picture of the failure that its program finds', async () => {
    const guide = readFileSync(GUIDE, 'utf8');
    const [program] = snippetsOfDocument('guide', guide);
    const found = `console.log(JSON.stringify({ text: failure.transcript, svg: failure.diagram }));`;
    const path = join(folder, 'guide.ts');
    writeFileSync(path, onSources(`${program!.code}\n${found}\n`, ROOT));
    const { exitCode, stdout, stderr } = await runProgram(path, folder);
    expect([exitCode, stderr]).toEqual([0, '']);
    const { text, svg } = JSON.parse(stdout.at(-1)!) as { readonly text: string; readonly svg: string };
    if (process.env['QUORATE_UPDATE'] === '1') {
      writeFileSync(
        GUIDE,
        guide.replace(TRANSCRIPT, () => `${text}\n`),
      );
      writeFileSync(PICTURE, svg);
    }
    expect(TRANSCRIPT.exec(readFileSync(GUIDE, 'utf8'))?.[0]).toBe(`${text}\n`);
    expect(readFileSync(PICTURE, 'utf8')).toBe(svg);
  }, 40_000);
});
