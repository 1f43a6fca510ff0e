// The task of piscina.ts and tinypool.ts: pools load a module and call its default export.
export default function add([a, b]: readonly [number, number]): number {
  return a + b;
}
