/** The modules that a process serves, by id; several versions of one may be served together. */
import { CatenaError } from '../errors/catena-error.ts';
import type { ModuleDefinition } from '../modules/contract/definition.ts';
import { inlineModule } from './inline-module.ts';
import type { ServedModule } from './served-module.ts';
import { compareVersions, isPrerelease } from './version.ts';
import { YIELD_LIMITS, type YieldLimits } from './yield-budget.ts';

export class ModuleRegistry {
  readonly #byId = new Map<string, ServedModule>();
  readonly #given = new Map<string, ModuleDefinition | ServedModule>();
  readonly #limits: YieldLimits;

  constructor(modules: Iterable<ModuleDefinition | ServedModule> = [], limits: YieldLimits = YIELD_LIMITS) {
    this.#limits = limits;
    for (const module of modules) this.add(module);
  }

  /**
   * Adds a module; a definition is served inline, in this thread. Adding the same one again has no effect. Throws
   * `module.duplicate` for another one with the same id.
   */
  add(module: ModuleDefinition | ServedModule): void {
    const present = this.#given.get(module.id);
    if (present !== undefined && present !== module) {
      throw new CatenaError('module.duplicate', `two different modules are called ${module.id}`, {
        data: { module: module.id },
        remedy: 'raise the version of the newer one',
      });
    }
    if (present === module) return;
    this.#given.set(module.id, module);
    this.#byId.set(module.id, 'call' in module ? module : inlineModule(module, this.#limits));
  }

  /**
   * The module called `name@version`, or the highest version of `name`; a prerelease only if there is nothing else.
   * Throws `module.unknown`.
   */
  resolve(reference: string): ServedModule {
    const module = this.find(reference);
    if (module !== undefined) return module;
    const known = this.ids();
    throw new CatenaError('module.unknown', `there is no module "${reference}"`, {
      data: { reference, known },
      remedy: known.length === 0 ? 'no module is registered' : `there are ${known.join(', ')}`,
    });
  }

  /** As {@link resolve}, without the error. */
  find(reference: string): ServedModule | undefined {
    if (reference.includes('@')) return this.#byId.get(reference);
    return this.#sorted().findLast(({ name }) => name === reference);
  }

  /** The ids, sorted by name and version, the newest version last. */
  ids(): readonly string[] {
    return this.#sorted().map(({ id }) => id);
  }

  #sorted(): ServedModule[] {
    return [...this.#byId.values()].sort((a, b) => compareNames(a.name, b.name) || preference(a, b));
  }
}

function preference(a: ServedModule, b: ServedModule): number {
  const byRelease = Number(isPrerelease(b.version)) - Number(isPrerelease(a.version));
  return byRelease || compareVersions(a.version, b.version);
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
