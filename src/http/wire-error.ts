// The answer to bytes that never became a request, as they go on the wire.
import { failure, headersOf } from './reply.ts';
import type { Reply } from './reply.ts';

interface WireError {
  readonly reason: string;
  readonly reply: Reply;
}

const MALFORMED: WireError = {
  reason: 'Bad Request',
  reply: failure(400, 'ERR_QUORATE_HTTP_REQUEST', 'The request is not well-formed HTTP/1.1'),
};
const ERROR_OF_CODE: ReadonlyMap<string, WireError> = new Map([
  [
    'HPE_HEADER_OVERFLOW',
    {
      reason: 'Request Header Fields Too Large',
      reply: failure(431, 'ERR_QUORATE_HTTP_HEADERS_TOO_LARGE', 'The head of the request is too long'),
    },
  ],
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    {
      reason: 'Request Timeout',
      reply: failure(408, 'ERR_QUORATE_HTTP_REQUEST_TIMEOUT', 'The request did not arrive in time'),
    },
  ],
]);

/** The whole response to an error of the parser, named by its code in node:http. */
export function wireErrorText(code: string | undefined): string {
  const { reason, reply } = ERROR_OF_CODE.get(code ?? '') ?? MALFORMED;
  const lines = [`HTTP/1.1 ${reply.status} ${reason}`];
  const headers = headersOf(reply);
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]!}: ${headers[at + 1]!}`);
  lines.push(`content-length: ${Buffer.byteLength(reply.body)}`, 'connection: close', '', reply.body);
  return lines.join('\r\n');
}
