// The worker of poolifier.ts.
import { ThreadWorker } from 'poolifier';

export default new ThreadWorker<readonly [number, number], number>((numbers) => {
  if (numbers === undefined) throw new Error('It needs two numbers');
  return numbers[0] + numbers[1];
});
