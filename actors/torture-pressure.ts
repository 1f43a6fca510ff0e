// The program of a thread that takes from the process what others want too. Wiring only.
import { workerData } from 'node:worker_threads';
import { press } from '../src/torture/pressure.ts';
import type { PressureWiring } from '../src/torture/pressure.ts';

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- startPressure passes exactly this
press(workerData as PressureWiring);
