// What was thrown, in one line for people: it may be anything.

/** Name and message of an error, or the text of whatever else was thrown. */
export function errorText(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown; // An object without a prototype, or one whose toString throws.
  }
}
