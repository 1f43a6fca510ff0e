// What follows a call, without promises: a simulation, which awaits nothing, takes the same steps as production.

/** How a call ends: with what it came to, or with an error. One of the two is called, once. */
export interface Continuation<Result> {
  readonly done: (result: Result) => void;
  readonly failed: (error: unknown) => void;
}

/** The end of a promise as that of a call; an error of `done` is one of the call. */
export function continueWith<Result>(promise: Promise<Result>, end: Continuation<Result>): void {
  promise.then((result) => end.done(result)).catch((error: unknown) => end.failed(error));
}

/** The end of a call that comes to what `make` makes of another one's result, or to the error of that. */
export function after<From, To>({ done, failed }: Continuation<To>, make: (result: From) => To): Continuation<From> {
  return {
    done: (result) => {
      let made: To;
      try {
        made = make(result);
      } catch (error) {
        return failed(error);
      }
      done(made);
    },
    failed,
  };
}

/** A promise of what `begin` comes to. */
export function promiseOf<Result>(begin: (then: Continuation<Result>) => void): Promise<Result> {
  return new Promise((resolve, reject) => begin({ done: resolve, failed: reject }));
}
