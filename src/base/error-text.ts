// What was thrown or given, in one line for people: it may be anything.

/** Name and message of an error, or the text of whatever else was thrown. */
export function errorText(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown; // An object without a prototype, or one whose toString throws.
  }
}

/** What was given, as JSON where that can be. */
export function givenText(given: unknown): string {
  try {
    const text: unknown = JSON.stringify(given);
    return typeof text === 'string' ? text : errorText(given); // Of a function or symbol there is none.
  } catch {
    return errorText(given); // A bigint, or what refers to itself.
  }
}
