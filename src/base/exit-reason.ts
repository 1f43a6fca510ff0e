/** How a thread ended, and with it the actors that it ran. */
export type ExitReason =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'crashed'; readonly error: Error }
  | { readonly kind: 'oom' }
  | { readonly kind: 'hung' }
  | { readonly kind: 'exit'; readonly code: number };

/** The reason in words, for messages: `crashed: Error: no such table`. */
export function exitReasonText(reason: ExitReason): string {
  if (reason.kind === 'crashed') return `crashed: ${String(reason.error)}`;
  return reason.kind === 'exit' ? `exit code ${reason.code}` : reason.kind;
}
