// Runs inside a folder where the package is installed: proves that it works there, on the Node.js that runs this.
// Usage: node smoke.mjs quorate quorate/http ...
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const [specifiers, label] = [process.argv.slice(2), `node ${process.versions.node}`];

for (const specifier of specifiers) {
  const imported = await import(specifier);
  const names = Object.keys(imported);
  if (names.length === 0) throw new Error(`${specifier} exports nothing`);
  const required = require(specifier); // No top-level await anywhere below, or this throws.
  for (const name of names) {
    if (imported[name] !== required[name]) throw new Error(`${specifier} differs by require: ${name}`);
  }
  console.log(`${label}: ${specifier} by import and require, ${names.length} names`);
}
const opened = process
  .getActiveResourcesInfo()
  .filter((kind) => /Worker|MessagePort|Timeout|Immediate|Server/.test(kind));
if (opened.length > 0) throw new Error(`Importing the package opened ${opened.join(', ')}`);

const { openCluster } = await import('quorate');
if (openCluster === undefined) throw new Error('quorate does not export openCluster');
const cluster = await openCluster({ replicas: 3 });
try {
  const written = await cluster.put('greeting', { text: 'hello' });
  const read = await cluster.get('greeting');
  if (written.outcome !== 'ok' || read.outcome !== 'ok' || read.value.text !== 'hello') {
    throw new Error(`A put and a get gave ${JSON.stringify({ written, read })}`);
  }
} finally {
  await cluster.close();
}
console.log(`${label}: a put and a get on three replicas`);
