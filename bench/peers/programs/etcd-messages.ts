// The few protocol-buffer messages of etcd's KV service that the benchmark needs, by hand: less work for its client
// than any library does. Source: etcd's rpc.proto and kv.proto, where `key` is field 1 and `value` field 2 of
// PutRequest, `key` field 1 of RangeRequest, `kvs` field 2 of RangeResponse, and `value` field 5 of KeyValue. A
// TxnRequest has `compare` as field 1 and `success` as field 2; a Compare `result` (1; 0 is EQUAL), `target` (2; 2 is
// MOD), `key` (3) and `mod_revision` (6); a RequestOp `request_put` as field 2; a TxnResponse `header` (1) with the
// `revision` (3), and `succeeded` (2), which is left out where it is false.

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const TARGET_MOD = 2;

/** A message whose fields 1, 2, ... are these texts, each shorter than 128 bytes. */
export function writeFields(texts: readonly string[]): Buffer {
  return Buffer.concat(texts.map((text, index) => writeField(index + 1, Buffer.from(text))));
}

/** A TxnRequest that puts the value if the key was last changed in the revision; 0: if it is not there. */
export function writePutIf(key: string, modRevision: number, value: string): Buffer {
  const compare = [
    Buffer.of((2 << 3) | VARINT, TARGET_MOD),
    writeField(3, Buffer.from(key)),
    Buffer.of((6 << 3) | VARINT, ...varintOf(modRevision)),
  ];
  const success = writeField(2, writeFields([key, value]));
  return Buffer.concat([writeField(1, Buffer.concat(compare)), writeField(2, success)]);
}

/** Whether the transaction of a TxnResponse was made, and in which revision. */
export function readTxnResponse(response: Buffer): { readonly isMade: boolean; readonly revision: number } {
  const header = readField(response, 1);
  return {
    isMade: readNumber(response, 2) === 1,
    revision: header === undefined ? 0 : (readNumber(header, 3) ?? 0),
  };
}

function writeField(field: number, bytes: Buffer): Buffer {
  if (bytes.length > 127) throw new RangeError(`Cannot write ${bytes.length} bytes: they must be at most 127`);
  return Buffer.concat([Buffer.of((field << 3) | LENGTH_DELIMITED, bytes.length), bytes]);
}

function varintOf(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varintOf(Math.floor(value / 128))];
}

/** The value of the first key in a RangeResponse; `undefined` when there is none. */
export function readRangeResponse(response: Buffer): string | undefined {
  const keyValue = readField(response, 2);
  return keyValue && readField(keyValue, 5)?.toString();
}

/** The bytes of the first length-delimited field of that number. */
function readField(message: Buffer, wanted: number): Buffer | undefined {
  for (const { field, value, end } of fieldsOf(message)) {
    if (field === wanted) return message.subarray(end - value, end);
  }
  return undefined;
}

/** The first number in a field of that number. */
function readNumber(message: Buffer, wanted: number): number | undefined {
  for (const { field, value } of fieldsOf(message)) if (field === wanted) return value;
  return undefined;
}

/** Number of each field, what it holds (a number, or the length of what follows), and where it ends. */
function* fieldsOf(
  message: Buffer,
): Iterable<{ readonly field: number; readonly value: number; readonly end: number }> {
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 127) * factor; // Numbers beyond 2^53 lose precision, but not their place: nobody reads them.
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = readVarint();
    const value = readVarint(); // The messages have no other kinds.
    if ((tag & 7) === LENGTH_DELIMITED) at += value;
    yield { field: tag >>> 3, value, end: at };
  }
}
