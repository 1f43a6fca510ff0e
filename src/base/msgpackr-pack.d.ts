// Types of the part of msgpackr that plain-codec.ts uses: those of the package resolve '.' in a way that ES modules
// cannot, and do not tell of the encode options.
declare module 'msgpackr/pack' {
  interface PackOptions {
    readonly useRecords: boolean;
    readonly variableMapSize?: boolean;
    readonly useToJSON?: boolean;
  }
  export class Packr {
    constructor(options: PackOptions);
    pack(value: unknown, encodeOptions: number): Uint8Array;
    useBuffer(buffer: Uint8Array): void;
  }
  export class Unpackr {
    constructor(options: PackOptions);
    unpack(source: Uint8Array): unknown;
  }
  /** Continue at the same place next time: the bytes answered are then overwritten. */
  export const RESET_BUFFER_MODE: number;
  /** Leave as many bytes free at the start as the lowest 8 bits say. */
  export const RESERVE_START_SPACE: number;
}
