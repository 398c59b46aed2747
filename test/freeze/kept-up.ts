/** A process that is started again on its port when it ends by itself, as whoever runs services does. */
import {
  type ServiceProcess,
  type ServiceProcessOptions,
  startService,
} from '../fixtures/deployment/service-process.ts';

export class KeptUp {
  /** How often it ended by itself: an exit code or a signal each, and what it said last. */
  readonly ends: string[] = [];
  readonly #options: ServiceProcessOptions;
  #process: ServiceProcess | undefined;
  #starting: Promise<void> = Promise.resolve();
  #isStopping = false;

  /** Resolves when it is ready. */
  static async start(options: ServiceProcessOptions): Promise<KeptUp> {
    const kept = new KeptUp(options);
    await kept.#launch();
    return kept;
  }

  private constructor(options: ServiceProcessOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get metricsUrl(): string {
    return this.#process?.metricsUrl ?? '';
  }

  /** The value of a counter without labels, in the process that runs now. */
  async counter(name: string): Promise<number> {
    const text = await (await fetch(`${this.metricsUrl}/metrics`)).text();
    const [, value] = new RegExp(`^${name} (\\d+)$`, 'm').exec(text) ?? [];
    if (value === undefined) throw new Error(`${this.name} has no counter ${name}`);
    return Number(value);
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#starting.catch(() => undefined);
    await this.#process?.stop();
  }

  async #launch(): Promise<void> {
    const process = await startService(this.#options);
    this.#process = process;
    process.child.once('close', (code, signal) => {
      if (this.#isStopping) return;
      const said = process.log.slice(-3).map(({ level, msg }) => `${level}: ${msg.slice(0, 200)}`);
      this.ends.push(`${this.name} ended (${code ?? signal}) after ${said.join('; ')}`);
      this.#starting = this.#launch();
      this.#starting.catch((error: unknown) => this.ends.push(String(error)));
    });
  }
}
