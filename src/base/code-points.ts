// Strings in the order of their code points, which is also that of their UTF-8 bytes. JavaScript compares UTF-16 units,
// which puts what needs two of them (emoji, say) before U+E000 to U+FFFF.

/** Negative where `left` comes first, positive where `right` does, 0 where they are the same. Both are well-formed. */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) return rankOf(a) - rankOf(b);
  }
  return left.length - right.length;
}

/** Halves of surrogate pairs behind all other units: what they stand for is larger. */
function rankOf(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
