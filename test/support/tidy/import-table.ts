// The import table of docs/ARCHITECTURE.md as data: what each layer of src/ may import, and what it never does.
// Change it together with a note in docs/decisions/.

/** What one layer may do. */
export interface Layer {
  /** Layers whose files it may import, besides its own. */
  readonly mayImport: readonly string[];
  /** No `node:` module: the layer runs wherever JavaScript has shared memory. */
  readonly isPortable?: true;
  /** No `async`, no `await`: nothing in the layer suspends. */
  readonly isSynchronous?: true;
  /** Portable and synchronous, and neither clock, chance, timers nor threads: (state, message) -> state and effects. */
  readonly isPure?: true;
}

const RUNTIME = ['base', 'ring', 'mailbox', 'actor', 'supervision'] as const;
const AGREEMENT = ['quorum', 'protocol', 'store', 'replica'] as const;
const BELOW_CLUSTER = [...RUNTIME, ...AGREEMENT, 'offload', 'system'] as const;

/** Every layer by its folder in src/, also those that are not built yet. */
export const LAYERS: Readonly<Record<string, Layer>> = {
  base: { mayImport: [] },
  ring: { mayImport: ['base'], isPortable: true, isSynchronous: true },
  mailbox: { mayImport: ['base', 'ring'] },
  actor: { mayImport: ['base', 'ring', 'mailbox'] },
  supervision: { mayImport: ['base', 'actor'] },
  offload: { mayImport: ['base'] },
  quorum: { mayImport: ['base'], isPure: true },
  protocol: { mayImport: ['base', 'quorum'], isPure: true },
  store: { mayImport: ['base'], isPortable: true },
  replica: { mayImport: ['base', 'quorum', 'protocol', 'store'], isPure: true },
  system: { mayImport: [...RUNTIME, 'quorum', 'offload'] },
  cluster: { mayImport: BELOW_CLUSTER },
  planner: { mayImport: ['base', 'quorum'] },
  check: { mayImport: ['base'], isPure: true },
  sim: { mayImport: ['base', 'mailbox', 'actor', 'supervision', ...AGREEMENT, 'check'] },
  torture: { mayImport: [...BELOW_CLUSTER, 'cluster', 'check'] },
  adapters: { mayImport: ['base', 'store'] },
  http: { mayImport: ['base', 'store'] },
  dashboard: { mayImport: ['base', 'store', 'cluster'] },
  // The command line stands on what applications see: the layers behind the public entries, and the off-load pool.
  cli: {
    mayImport: [
      ...BELOW_CLUSTER,
      'cluster',
      'planner',
      'check',
      'sim',
      'torture',
      'adapters',
      'http',
      'dashboard',
      'testing',
    ],
  },
  // The entry `quorate/testing`: fault injection and, later, the testing kit of actors.
  testing: { mayImport: [...BELOW_CLUSTER, 'cluster', 'check'] },
  // The entry `quorate/worker`: what a worker thread of an application needs to reach a cluster.
  worker: { mayImport: [...BELOW_CLUSTER, 'cluster'] },
};

/** Public entry points: the only barrels. Nothing in src/ or actors/ imports them; package.json exports each. */
export const ENTRIES: readonly string[] = [
  'src/index.ts',
  'src/actor/index.ts',
  'src/quorum/index.ts',
  'src/http/index.ts',
  'src/testing/index.ts',
  'src/worker/index.ts',
  'src/sim/index.ts',
  'src/check/index.ts',
];

/** The only file that reads the system clock, and the only one that reads system randomness. */
export const CLOCK_FILE = 'src/base/clock.ts';
export const RANDOM_FILE = 'src/base/random.ts';

/** Columns of a line of code. */
export const COLUMNS_MAX = 120;
