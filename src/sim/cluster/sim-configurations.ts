// The configuration in force, in a simulated cluster: what the words in shared memory do, which all see at once, and
// each looks at when it gets to it.
import type { Configuration } from '../../quorum/configuration.ts';
import type { RegisterQuorums } from '../../quorum/register-quorums.ts';
import { fixedConfiguration } from '../../replica/live-quorums.ts';
import type { Configurations } from '../../replica/live-quorums.ts';

/** The configurations of one cluster. */
export class SimConfigurations implements Configurations {
  #inForce: Configuration;
  /** Is told of configurations as they come into force. */
  onPublish: ((configuration: Configuration) => void) | undefined;

  /** Begins with the first places as members, under these sizes. */
  constructor(quorums: RegisterQuorums) {
    this.#inForce = fixedConfiguration(quorums).read();
  }

  number(): number {
    return this.#inForce.number;
  }

  read(): Configuration {
    return this.#inForce;
  }

  publish(configuration: Configuration): void {
    this.#inForce = configuration;
    this.onPublish?.(configuration);
  }
}
