// Names of actors for values that remember who changed them. A name that is used twice makes two events look like one,
// and loses a write without a trace.

/**
 * Gives names that nobody has, or had: digits, small letters and hyphens.
 *
 * @param incarnation names one life of a client, in digits, small letters and hyphens; nobody else has it, or had it.
 * @param isAnew is false in a test that shows what comes of a name that is used twice.
 */
export function actorNames(incarnation: string, isAnew = true): () => string {
  let names = 0;
  if (!isAnew) return () => `${incarnation}-0`;
  return () => `${incarnation}-${(names++).toString(36)}`;
}
