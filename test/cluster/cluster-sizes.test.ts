import { describe, expect, it } from 'vitest';
import { clusterSizes } from '../../src/cluster/cluster-sizes.ts';
import type { ClusterOptions } from '../../src/index.ts';

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
    [{ threads: 7, replicationFactor: 3, read: 1 }, CONFIGURATION, 'Cannot use read quorum 1 with write quorum 2 of 3'],
  ])('given by %j are refused: %s, %s', (options, code, says) => {
    expect(() => clusterSizes(options)).toThrow(
      // oxlint-disable-next-line typescript/no-unsafe-assignment -- a matcher is any
      expect.objectContaining({ code, message: expect.stringContaining(says) }),
    );
  });
});
