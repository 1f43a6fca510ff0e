/** Number of bits set in a 32-bit mask. */
export function popcount(mask: number): number {
  let bits = mask - ((mask >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  bits = (bits + (bits >>> 4)) & 0x0f0f_0f0f;
  return Math.imul(bits, 0x0101_0101) >>> 24;
}

/** The mask in which the bits of `indices` are set, each from 0 to 31. */
export function maskOf(indices: Iterable<number>): number {
  let mask = 0;
  for (const index of indices) mask |= 1 << index;
  return mask;
}

/** The mask whose lowest `count` bits are set; `count` from 0 to 31. */
export function lowestBits(count: number): number {
  return 2 ** count - 1;
}

/** Index of the lowest bit set in `mask`, which is not 0. */
export function lowestBitIndex(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}
