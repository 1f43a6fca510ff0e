// Conditions of a write, in the way of HTTP: If-Match names the version that is to be overwritten, If-None-Match: *
// says that nothing is. Source: RFC 9110, sections 8.8.3 and 13.1.
import type { Version } from '../store/store.ts';
import type { Parsed } from './data-request.ts';
import { failure } from './reply.ts';

/** What a write asks of the key before it happens. */
export type Precondition =
  | { readonly kind: 'none' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'version'; readonly version: Version };

/** The header of a write's precondition; a method takes some of them. */
export type PreconditionHeader = 'if-match' | 'if-none-match';

const NONE: Parsed<Precondition> = { kind: 'parsed', value: { kind: 'none' } };
const ABSENT: Parsed<Precondition> = { kind: 'parsed', value: { kind: 'absent' } };
/** One strong entity tag. */
const ENTITY_TAG = /^"([\x21\x23-\x7e]{1,64})"$/;

/**
 * Reads the precondition of a write. Strict: a condition that the method does not take, several of them, a list, a weak
 * tag or what is no tag at all is refused, because a condition that is passed over is a lost update.
 */
export function preconditionOf(
  header: (name: PreconditionHeader) => string | undefined,
  taken: readonly PreconditionHeader[],
): Parsed<Precondition> {
  const [match, noneMatch] = [header('if-match'), header('if-none-match')];
  if (match === undefined && noneMatch === undefined) return NONE;
  if (match !== undefined && noneMatch !== undefined) return refused('If-Match and If-None-Match exclude each other');
  if (match !== undefined && !taken.includes('if-match')) return refused('The method takes no If-Match');
  if (noneMatch !== undefined && !taken.includes('if-none-match')) return refused('The method takes no If-None-Match');
  if (noneMatch !== undefined) return noneMatch === '*' ? ABSENT : refused('The If-None-Match of a write must be *');
  const version = ENTITY_TAG.exec(match ?? '')?.[1];
  if (version === undefined) return refused('The If-Match must be one ETag of this service, in its quotes');
  return { kind: 'parsed', value: { kind: 'version', version } };
}

/** The header that tells a version, name and value by turns. */
export function etagOf(version: Version): readonly string[] {
  return ['etag', `"${version}"`];
}

function refused(sentence: string): Parsed<Precondition> {
  return { kind: 'refused', reply: failure(400, 'ERR_QUORATE_HTTP_PRECONDITION', sentence) };
}
