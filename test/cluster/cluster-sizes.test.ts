import { describe, expect, it } from 'vitest';
import { clusterSizes } from '../../src/cluster/cluster-sizes.ts';
import type { ClusterOptions } from '../../src/index.ts';
import { choose, grid, or, weighted } from '../../src/quorum/index.ts';

const GRID = grid(2, 3);
const LONG = or(...Array.from({ length: 200 }, () => choose(2, [0, 1, 2])));

describe('The sizes of a cluster', () => {
  it.each<[ClusterOptions, readonly number[]]>([
    [{}, [5, 5, 3, 3]],
    [{ replicas: 3 }, [3, 3, 2, 2]],
    [{ replicas: 3, threads: 3, replicationFactor: 3 }, [3, 3, 2, 2]],
    [{ threads: 3 }, [3, 3, 2, 2]],
    [{ threads: 7 }, [7, 5, 3, 3]],
    [{ replicationFactor: 3 }, [3, 3, 2, 2]],
    [{ threads: 7, replicationFactor: 3 }, [7, 3, 2, 2]],
    [{ threads: 15, replicationFactor: 5, read: 2, write: 4 }, [15, 5, 2, 4]],
    [{ quorum: { read: GRID.reads, write: GRID.writes } }, [6, 6, 3, 4]],
    [{ replicas: 6, quorum: { read: GRID.reads } }, [6, 6, 3, 2]],
    [{ quorum: { write: weighted([3, 1, 1, 1], 4) } }, [4, 4, 1, 2]],
  ])('given by %j are T, N, R and W %j', (options, expected) => {
    const { threads, replicas, read, write } = clusterSizes(options);
    expect([threads, replicas, read, write]).toEqual(expected);
  });

  const CONFIGURATION = 'ERR_QUORATE_CONFIGURATION';
  const ARGUMENT = 'ERR_QUORATE_INVALID_ARGUMENT';
  it.each<[ClusterOptions, code: string, says: string]>([
    [{ replicas: 5, threads: 7 }, CONFIGURATION, 'Cannot use replicas 5 with threads 7: replicas stands for both'],
    [{ replicas: 5, replicationFactor: 3 }, CONFIGURATION, 'Cannot use replicas 5 with replicationFactor 3'],
    [{ threads: 2, replicationFactor: 3 }, ARGUMENT, 'Cannot use threads 2: it must be an integer from 3 to 15'],
    [{ threads: 16 }, ARGUMENT, 'Cannot use threads 16: it must be an integer from 1 to 15'],
    [{ threads: 0 }, ARGUMENT, 'Cannot use threads 0: it must be an integer from 1 to 15'],
    [{ threads: 2.5 }, ARGUMENT, 'Cannot use threads 2.5'],
    [{ replicationFactor: 20 }, ARGUMENT, 'Cannot use replicationFactor 20: it must be an integer from 1 to 15'],
    [{ threads: 7, replicationFactor: 3, read: 4 }, ARGUMENT, 'Cannot use read quorum 4'],
    [
      { quorum: { read: GRID.reads, write: choose(2, 6) } },
      CONFIGURATION,
      'a read at replicas 0, 1 and 2 misses a write',
    ],
    [{ quorum: { write: GRID.writes, prepare: choose(2, 6) } }, CONFIGURATION, 'a prepare at replicas 0 and 1 misses'],
    [{ quorum: { write: choose(1, 3) } }, CONFIGURATION, 'Cannot use a write quorum of replica 0 alone'],
    [{ replicas: 5, quorum: { read: GRID.reads } }, ARGUMENT, 'Cannot use voters of quorum 6'],
    [{ threads: 7, replicationFactor: 6, quorum: { read: GRID.reads } }, CONFIGURATION, 'with 7 threads and 6 copies'],
    [{ read: 3, quorum: { read: GRID.reads } }, CONFIGURATION, 'Cannot use read quorum 3 beside quorum'],
    [{ quorum: {} }, ARGUMENT, 'Cannot use quorum without systems'],
    [{ quorum: { read: LONG } }, ARGUMENT, 'characters as JSON, read, write and prepare together'],
    // @ts-expect-error -- it is no object
    [{ quorum: 'majority' }, ARGUMENT, 'Cannot use quorum majority: it must be an object'],
    [{ threads: 7, replicationFactor: 3, read: 1 }, CONFIGURATION, 'Cannot use read quorum 1 with write quorum 2 of 3'],
  ])('given by %j are refused: %s, %s', (options, code, says) => {
    expect(() => clusterSizes(options)).toThrow(
      // oxlint-disable-next-line typescript/no-unsafe-assignment -- a matcher is any
      expect.objectContaining({ code, message: expect.stringContaining(says) }),
    );
  });
});
