// The few protocol-buffer messages of etcd's KV service that the benchmark needs, by hand: less work for its client
// than any library does. Source: etcd's rpc.proto and kv.proto, where `key` is field 1 and `value` field 2 of
// PutRequest, `key` field 1 of RangeRequest, `kvs` field 2 of RangeResponse, and `value` field 5 of KeyValue.

const LENGTH_DELIMITED = 2;

/** A message whose fields 1, 2, ... are these texts, each shorter than 128 bytes. */
export function writeFields(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.map((text, index) => {
      const bytes = Buffer.from(text);
      if (bytes.length > 127) throw new RangeError(`Cannot write ${bytes.length} bytes: they must be at most 127`);
      return Buffer.concat([Buffer.of(((index + 1) << 3) | LENGTH_DELIMITED, bytes.length), bytes]);
    }),
  );
}

/** The value of the first key in a RangeResponse; `undefined` when there is none. */
export function readRangeResponse(response: Buffer): string | undefined {
  const keyValue = readField(response, 2);
  return keyValue && readField(keyValue, 5)?.toString();
}

/** The bytes of the first length-delimited field of that number. */
function readField(message: Buffer, wanted: number): Buffer | undefined {
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 127) * factor; // Larger numbers lose precision, but not their place: nobody reads them.
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = readVarint();
    const value = readVarint(); // A number, or the length of what follows: the messages have no other kinds.
    if ((tag & 7) !== LENGTH_DELIMITED) continue;
    if (tag >>> 3 === wanted) return message.subarray(at, at + value);
    at += value;
  }
  return undefined;
}
