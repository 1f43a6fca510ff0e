import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/random.ts';
import { FileDisk } from '../../../src/sim/disk/file-disk.ts';
import type { DiskFaults } from '../../../src/sim/disk/file-disk.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function textOf(disk: FileDisk, name: string): string {
  const read = disk.read(name, 0, 1e6);
  return 'error' in read ? read.error : new TextDecoder().decode(read.bytes);
}

function diskWith(faults: DiskFaults, seed = 1): FileDisk {
  return new FileDisk(seededRandom(seed), faults);
}

/** What a file holds after a crash, over many seeds. */
function survivors(faults: DiskFaults, use: (disk: FileDisk) => void, name = 'log'): Set<string> {
  const seen = new Set<string>();
  for (let seed = 0; seed < 300; seed++) {
    const disk = diskWith(faults, seed);
    use(disk);
    disk.crash();
    seen.add(textOf(disk, name));
  }
  return seen;
}

function swap(disk: FileDisk): void {
  disk.append('log', bytesOf('old'));
  disk.sync('log');
  disk.append('new', bytesOf('new'));
  disk.sync('new');
  disk.rename('new', 'log');
}

function appendAndRead(disk: FileDisk): string[] {
  const read: string[] = [];
  for (let index = 0; index < 200; index++) {
    disk.append('log', bytesOf('abcd'));
    read.push(textOf(disk, 'log').slice(0, 4));
  }
  return read;
}

describe('A disk that behaves', () => {
  it('reads what was written, appended, cut and renamed', () => {
    const disk = diskWith({});
    disk.append('a', bytesOf('hello '));
    disk.append('a', bytesOf('world'));
    disk.write('a', 0, bytesOf('J'));
    disk.truncate('a', 8);
    expect([textOf(disk, 'a'), disk.lengthOf('a')]).toEqual(['Jello wo', 8]);
    disk.rename('a', 'b');
    expect([textOf(disk, 'a'), textOf(disk, 'b'), disk.names]).toEqual(['missing', 'Jello wo', ['b']]);
  });

  it('keeps what was synced when the machine dies', () => {
    expect([
      ...survivors({ lossAtCrashRate: 1 }, (disk) => {
        disk.append('log', bytesOf('durable'));
        disk.sync('log');
      }),
    ]).toEqual(['durable']);
  });

  it('says when it is full, and is not changed then', () => {
    const disk = new FileDisk(seededRandom(1), {}, 10);
    expect([disk.append('a', bytesOf('12345678')), disk.append('b', bytesOf('123'))]).toEqual([undefined, 'no-space']);
    expect([disk.write('a', 0, bytesOf('87654321')), disk.names]).toEqual([undefined, ['a']]);
  });

  it('says what is missing', () => {
    const disk = diskWith({});
    expect([disk.rename('a', 'b'), disk.truncate('a', 0), textOf(disk, 'a')]).toEqual([
      'missing',
      'missing',
      'missing',
    ]);
  });
});

describe('A machine that dies', () => {
  it('keeps, loses or tears what was not synced, and a later write may survive an earlier one', () => {
    const seen = survivors({ lossAtCrashRate: 0.7 }, (disk) => {
      disk.append('log', bytesOf('ab'));
      disk.append('log', bytesOf('cd'));
    });
    for (const text of ['missing', 'ab', 'abcd', 'a', 'abc', '\0\0cd']) expect(seen).toContain(text);
  });

  it('forgets a rename whose folder was not synced, though the file was', () => {
    expect(survivors({ lossAtCrashRate: 0.5 }, swap)).toEqual(new Set(['old', 'new']));
    const synced = (disk: FileDisk): void => {
      swap(disk);
      disk.syncFolder();
    };
    expect(survivors({ lossAtCrashRate: 0.5 }, synced)).toEqual(new Set(['new']));
  });

  it('keeps what was synced under a new name, under whichever name the file then has', () => {
    const seen = survivors({ lossAtCrashRate: 0.5 }, (disk) => {
      swap(disk);
      disk.append('log', bytesOf('er'));
      disk.sync('log');
    });
    expect(seen).toEqual(new Set(['old', 'newer']));
  });

  it('loses what a lying disk said was durable', () => {
    const seen = survivors({ lossAtCrashRate: 1, lyingSyncRate: 0.5 }, (disk) => {
      disk.append('log', bytesOf('x'));
      expect(disk.sync('log')).toBeUndefined();
    });
    expect(seen).toEqual(new Set(['x', 'missing', '']));
  });
});

describe('A disk that does not behave', () => {
  it.each<[fault: string, faults: DiskFaults]>([
    ['bit-flip', { bitFlipRate: 0.2 }],
    ['short-read', { shortReadRate: 0.2 }],
    ['misdirected-read', { misdirectedReadRate: 0.2 }],
    ['misdirected-write', { misdirectedWriteRate: 0.2 }],
    ['error', { errorRate: 0.2 }],
  ])('%s: a reader that trusts it reads what was never written', (fault, faults) => {
    const disk = diskWith(faults);
    const read = appendAndRead(disk);
    expect(disk.injected[fault]).toBeGreaterThan(0);
    expect(new Set(read).size + (disk.lengthOf('log') === 800 ? 0 : 1)).toBeGreaterThan(1);
  });

  it('does so by its seed', () => {
    expect(appendAndRead(diskWith({ bitFlipRate: 0.2 }, 7))).toEqual(appendAndRead(diskWith({ bitFlipRate: 0.2 }, 7)));
  });
});
