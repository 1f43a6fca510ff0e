/** A promise that somebody else settles: what a sleeper awaits. */
export class Signal {
  readonly promise: Promise<void>;
  #resolve: (() => void) | undefined;

  constructor() {
    this.promise = new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Wakes the sleeper; doing so again changes nothing. */
  settle(): void {
    this.#resolve?.();
  }
}
