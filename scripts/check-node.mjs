// Tests and benchmarks run on the Node.js of the private workspace; an install without optional packages lacks it.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Needs Node.js >= 22.18 for development, this is ${process.version}: run "npm ci" with optional packages`,
  );
  process.exit(1);
}
