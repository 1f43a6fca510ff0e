// Which files `quorate check` is asked about: those named, and all in the folders named.
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../arguments.ts';

/** Longest file: its text must fit a string. */
const FILE_BYTES_MAX = 500 * 1024 * 1024;

/** A history to check. */
export interface HistoryFile {
  /** As it was named, or the folder's name and the path in it. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * The files of the arguments in their order, those of a folder by name, in all its folders, but for hidden ones.
 *
 * @throws {UsageError} when a file cannot be read or is too long, or a folder holds none.
 */
export function historyFiles(paths: readonly string[]): readonly HistoryFile[] {
  return paths.flatMap((path) => {
    const found = statOf(path);
    if (!found.isDirectory()) return [fileOf(path)];
    const files = readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter(
        (name) =>
          !name
            .slice(path.length)
            .split(/[/\\]/)
            .some((part) => part.startsWith('.')),
      )
      .sort();
    if (files.length === 0) throw new UsageError(`Cannot check ${path}: the folder holds no file`);
    return files.map(fileOf);
  });
}

function fileOf(path: string): HistoryFile {
  const found = statOf(path);
  // A pipe is empty when it is read a second time, in a thread of the pool: an empty history would pass.
  if (!found.isFile()) throw new UsageError(`Cannot check ${path}: it must be a regular file or a folder`);
  const { size } = found;
  if (size > FILE_BYTES_MAX) {
    throw new UsageError(`Cannot check ${path}: its ${size} bytes must be at most ${FILE_BYTES_MAX}`);
  }
  return { path, bytes: size };
}

function statOf(path: string): Stats {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new UsageError(`Cannot read ${path}: it must be a file or folder that may be read (${reason})`);
  }
}
