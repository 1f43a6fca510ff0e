// A named channel between threads, typed. Names reach any thread of the process, which ports in a handle do not.
import { BroadcastChannel, receiveMessageOnPort } from 'node:worker_threads';

/** One end of a channel; every other end of the same name gets what is posted. It does not keep its thread alive. */
export class Channel<Message> {
  readonly #channel: BroadcastChannel;

  constructor(name: string) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.unref();
  }

  /** Posts a message that structured clone can carry; ends that are not open yet do not get it. */
  post(message: Message): void {
    this.#channel.postMessage(message);
  }

  /** Calls `listener` with each message, from the event loop of this thread. */
  listen(listener: (message: Message) => void): void {
    this.#channel.addEventListener('message', (event) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- both ends have the same type of message
      listener((event as unknown as { readonly data: Message }).data);
    });
  }

  /** Takes a message without the event loop; `undefined` when none has arrived. */
  take(): Message | undefined {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types lack BroadcastChannel, Node takes it
    const port = this.#channel as unknown as Parameters<typeof receiveMessageOnPort>[0];
    const received: { readonly message: Message } | undefined = receiveMessageOnPort(port);
    return received?.message;
  }

  close(): void {
    this.#channel.close();
  }
}
