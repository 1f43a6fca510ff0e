// Names of actors for values that remember who changed them. A name that is used twice makes two events look like one,
// and loses a write without a trace.

/**
 * Gives names that nobody has, or had: digits, small letters and hyphens.
 *
 * @param incarnation names one life of a client, in digits, small letters and hyphens; nobody else has it, or had it.
 */
export function actorNames(incarnation: string): () => string {
  let names = 0;
  return () => `${incarnation}-${(names++).toString(36)}`;
}
