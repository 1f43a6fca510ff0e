/** A buffer of 16 bytes, and what makes it shrink to 2: views of the others are out of bounds then, and look empty. */
export function shrinkingBuffer(): { readonly buffer: ArrayBuffer; readonly shrink: () => void } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- newer than the library that types know
  const buffer = Reflect.construct(ArrayBuffer, [16, { maxByteLength: 16 }]) as ArrayBuffer & {
    resize(byteLength: number): void;
  };
  return { buffer, shrink: () => buffer.resize(2) };
}
