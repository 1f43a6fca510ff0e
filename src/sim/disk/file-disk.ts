// A disk that does what disks do: it acknowledges writes that only a sync makes durable, loses or tears them when the
// machine dies, and now and then lies. Chance is handed in; everything happens at once, and time is the caller's.
//
// Not the disk of simulated actors (`actors/disk.ts`), which keeps whole values by key in virtual time: an actor is
// tested for what it has saved, a log for what it reads back of bytes. It waits for a log: so far its test alone runs
// it.
//
// Source: the faults that are injected into the storage of TigerBeetle's VOPR, and ALICE (Pillai et al., OSDI 2014).
import type { Random } from '../../base/random.ts';
import { between, happens } from '../engine/chance.ts';

/** How a disk misbehaves: shares from 0 to 1. All are 0 unless given. */
export interface DiskFaults {
  /** Operations that fail with `io`. */
  readonly errorRate?: number;
  /** Syncs that report success and make nothing durable. */
  readonly lyingSyncRate?: number;
  /** Writes that land at another place of the file. */
  readonly misdirectedWriteRate?: number;
  /** Reads that return bytes of another place of the file. */
  readonly misdirectedReadRate?: number;
  /** Reads with one flipped bit. */
  readonly bitFlipRate?: number;
  /** Reads that return less than was asked for. */
  readonly shortReadRate?: number;
  /** Writes without a sync that do not survive a crash, whole or in part. */
  readonly lossAtCrashRate?: number;
}

/** What an operation came to; `undefined` when all went well. */
export type DiskError = 'io' | 'no-space' | 'missing';

/** What a read returned. */
export type DiskRead = { readonly bytes: Uint8Array } | { readonly error: DiskError };

type Pending =
  | { readonly kind: 'write'; readonly name: string; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly name: string; readonly length: number };

interface Rename {
  readonly from: string;
  readonly to: string;
}

/** Bytes that a disk writes at once: a torn write ends at a multiple, or anywhere in every other case. */
const SECTOR_BYTES = 512;

/** One disk. */
export class FileDisk {
  readonly #random: Random;
  readonly #faults: DiskFaults;
  readonly #capacityBytes: number;
  /** What survives for sure. */
  #durable = new Map<string, Uint8Array>();
  /** What is read: durable bytes and all that was written since. */
  #visible = new Map<string, Uint8Array>();
  #pending: Pending[] = [];
  #renames: Rename[] = [];
  /** Faults so far, by class. */
  readonly injected: Record<string, number> = {};

  /** @param capacityBytes bytes of all files together. */
  constructor(random: Random, faults: DiskFaults = {}, capacityBytes: number = Number.POSITIVE_INFINITY) {
    this.#random = random;
    this.#faults = faults;
    this.#capacityBytes = capacityBytes;
  }

  /** Files as they are read now. */
  get names(): string[] {
    return [...this.#visible.keys()].toSorted();
  }

  /** Length of a file; 0 when it is missing. */
  lengthOf(name: string): number {
    return this.#visible.get(name)?.length ?? 0;
  }

  /** Adds bytes at the end of a file, which is made when it is missing. Durable after {@link sync}. */
  append(name: string, bytes: Uint8Array): DiskError | undefined {
    return this.write(name, this.lengthOf(name), bytes);
  }

  /** Writes bytes at a place of a file. Durable after {@link sync}. */
  write(name: string, at: number, bytes: Uint8Array): DiskError | undefined {
    if (this.#strikes('error', this.#faults.errorRate)) return 'io';
    const grown = Math.max(0, at + bytes.length - this.lengthOf(name));
    if (this.#usedBytes() + grown > this.#capacityBytes) return 'no-space';
    const isAstray = this.#strikes('misdirected-write', this.#faults.misdirectedWriteRate);
    const place = isAstray ? between(this.#random, 0, this.lengthOf(name)) : at;
    const change: Pending = { kind: 'write', name, at: place, bytes: bytes.slice() };
    applyTo(this.#visible, change);
    this.#pending.push(change);
    return undefined;
  }

  /** Cuts a file. Durable after {@link sync}. */
  truncate(name: string, length: number): DiskError | undefined {
    if (this.#strikes('error', this.#faults.errorRate)) return 'io';
    if (!this.#visible.has(name)) return 'missing';
    const change: Pending = { kind: 'truncate', name, length };
    applyTo(this.#visible, change);
    this.#pending.push(change);
    return undefined;
  }

  /** Up to `length` bytes from `at` on. */
  read(name: string, at: number, length: number): DiskRead {
    if (this.#strikes('error', this.#faults.errorRate)) return { error: 'io' };
    const file = this.#visible.get(name);
    if (file === undefined) return { error: 'missing' };
    const isAstray = this.#strikes('misdirected-read', this.#faults.misdirectedReadRate);
    const place = isAstray ? between(this.#random, 0, file.length) : at;
    let bytes = file.slice(place, place + length);
    if (bytes.length > 0 && this.#strikes('short-read', this.#faults.shortReadRate)) {
      bytes = bytes.slice(0, between(this.#random, 0, bytes.length - 1));
    }
    if (bytes.length > 0 && this.#strikes('bit-flip', this.#faults.bitFlipRate)) {
      bytes[between(this.#random, 0, bytes.length - 1)]! ^= 1 << between(this.#random, 0, 7);
    }
    return { bytes };
  }

  /** Makes what was written to a file durable; `undefined` also when the disk lies. */
  sync(name: string): DiskError | undefined {
    if (this.#strikes('error', this.#faults.errorRate)) return 'io';
    if (this.#strikes('lying-sync', this.#faults.lyingSyncRate)) return undefined;
    const mine = this.#pending.filter((change) => change.name === name);
    const durableName = nameBefore(name, this.#renames);
    for (const change of mine) applyTo(this.#durable, Object.assign({}, change, { name: durableName }));
    this.#pending = this.#pending.filter((change) => change.name !== name);
    return undefined;
  }

  /** Renames a file over another. Durable after {@link syncFolder}, whatever was synced of the file. */
  rename(from: string, to: string): DiskError | undefined {
    if (this.#strikes('error', this.#faults.errorRate)) return 'io';
    if (!this.#visible.has(from)) return 'missing';
    moveIn(this.#visible, { from, to });
    this.#renames.push({ from, to });
    // Its writes go with the file: they are those of the new name from now on.
    this.#pending = this.#pending
      .filter(({ name }) => name !== to)
      .map((change) => (change.name === from ? Object.assign({}, change, { name: to }) : change));
    return undefined;
  }

  /** Makes renames durable. */
  syncFolder(): DiskError | undefined {
    if (this.#strikes('error', this.#faults.errorRate)) return 'io';
    if (this.#strikes('lying-sync', this.#faults.lyingSyncRate)) return undefined;
    for (const rename of this.#renames) moveIn(this.#durable, rename);
    this.#renames = [];
    return undefined;
  }

  /**
   * The machine dies and comes back: what was not made durable is there, lost, or torn, each write by itself, so that a
   * later one may survive an earlier one.
   */
  crash(): void {
    // A folder is kept in order: where one rename is lost, so are the later ones, and files have their names of before.
    const firstLost = this.#renames.findIndex(() => this.#strikes('lost-rename', this.#faults.lossAtCrashRate));
    const lost = firstLost < 0 ? [] : this.#renames.splice(firstLost);
    for (const rename of this.#renames) moveIn(this.#durable, rename);
    this.#pending = this.#pending.map((change) => Object.assign({}, change, { name: nameBefore(change.name, lost) }));
    for (const change of this.#pending) this.#survive(change);
    this.#pending = [];
    this.#renames = [];
    this.#visible = new Map([...this.#durable].map(([name, bytes]) => [name, bytes.slice()]));
  }

  #survive(change: Pending): void {
    if (!this.#strikes('lost-write', this.#faults.lossAtCrashRate)) return applyTo(this.#durable, change);
    if (change.kind !== 'write' || happens(this.#random, 0.5)) return;
    const length = between(this.#random, 0, change.bytes.length);
    const isWholeSectors = happens(this.#random, 0.5);
    const torn = isWholeSectors ? length - (length % SECTOR_BYTES) : length;
    applyTo(this.#durable, { ...change, bytes: change.bytes.slice(0, torn) });
  }

  #usedBytes(): number {
    let used = 0;
    for (const { length } of this.#visible.values()) used += length;
    return used;
  }

  #strikes(name: string, rate: number | undefined): boolean {
    if (rate === undefined || rate === 0 || !happens(this.#random, rate)) return false;
    this.injected[name] = (this.injected[name] ?? 0) + 1;
    return true;
  }
}

/** What a file was called before these renames. */
function nameBefore(name: string, renames: readonly Rename[]): string {
  return renames.reduceRight((later, { from, to }) => (later === to ? from : later), name);
}

function applyTo(files: Map<string, Uint8Array>, change: Pending): void {
  const file = files.get(change.name) ?? new Uint8Array();
  if (change.kind === 'truncate') return void files.set(change.name, file.slice(0, change.length));
  const grown = new Uint8Array(Math.max(file.length, change.at + change.bytes.length));
  grown.set(file);
  grown.set(change.bytes, change.at);
  files.set(change.name, grown);
}

function moveIn(files: Map<string, Uint8Array>, { from, to }: Rename): void {
  const file = files.get(from);
  if (file === undefined) return;
  files.set(to, file);
  files.delete(from);
}
