/** The chart, for as many kinds of clusters as its values tell apart. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { loadConfig } from '../../libs/config/load-config.ts';
import { variableName } from '../../libs/config/variable-name.ts';
import { CHART, helm } from './helm.ts';
import { type KubernetesObject, problemsOf } from './kubernetes-objects.ts';

const VALUES = join(CHART, 'examples');
const EXAMPLES = readdirSync(VALUES).filter((name) => name.endsWith('.yaml'));

async function render(...args: readonly string[]): Promise<KubernetesObject[]> {
  const text = await helm('template', 'demo', CHART, '--namespace', 'crawl', ...args);
  const documents = parseAllDocuments(text).filter(({ contents }) => contents !== null);
  return documents.map((document) => document.toJSON() as KubernetesObject);
}

interface Workload {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly [
          {
            readonly env: readonly { readonly name: string; readonly value: string }[];
            readonly volumeMounts: readonly { readonly mountPath: string }[];
          },
        ];
        readonly terminationGracePeriodSeconds: number;
        readonly enableServiceLinks: boolean;
        readonly automountServiceAccountToken: boolean;
      };
    };
  };
}

const isWorkload = ({ kind }: KubernetesObject) => kind === 'Deployment' || kind === 'Job';

describe.each(EXAMPLES)('with %s', (example) => {
  const values = join(VALUES, example);
  let objects: KubernetesObject[] = [];
  beforeAll(async () => {
    objects = await render('--values', values);
  }, 120_000);

  it('is accepted by helm lint', { timeout: 60_000 }, async () => {
    expect(await helm('lint', '--strict', CHART, '--values', values)).toContain('0 chart(s) failed');
  });

  it('has only objects that fit their schemas, without a field that no schema has', { timeout: 120_000 }, async () => {
    expect(objects.length).toBeGreaterThan(5);
    expect(await problemsOf(objects)).toEqual([]);
  });

  it('has each object once', () => {
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toEqual([...new Set(names)]);
  });

  it('gives every process a configuration that it takes', () => {
    const config = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'demo-config');
    const { 'catena.yaml': text = '' } = config!.data as Record<string, string>;
    const settings = parseAllDocuments(text)[0]!.toJSON() as Record<string, unknown>;
    for (const object of objects.filter(({ kind }) => kind === 'Deployment')) {
      const [{ env }] = (object as unknown as Workload).spec.template.spec.containers;
      const own = env.filter(
        ({ name }) => name.startsWith('CATENA_') && name !== 'CATENA_CONFIG' && !name.endsWith('_FILE'),
      );
      // What the Secret holds is not known to the chart: values that fit stand for it.
      const secrets = {
        CATENA_CACHE_REDIS: 'redis://r',
        CATENA_NATS_URL: 'nats://n',
        CATENA_STORE_URL: 'postgres://p/c',
      };
      const tokens = {
        CATENA_GRPC_TOKENS: `service:${'t'.repeat(16)}`,
        CATENA_GRPC_TOKEN: 't'.repeat(16),
        CATENA_METRICS_TOKEN: 'm'.repeat(16),
      };
      const given = Object.fromEntries(own.map(({ name, value }) => [name, value]));
      const written = Object.fromEntries(flat(settings).map(([name, value]) => [variableName(name), String(value)]));
      expect(() => loadConfig({ env: { ...written, ...secrets, ...tokens, ...given } })).not.toThrow();
    }
  });

  it('mounts the file of every secret that it names', () => {
    for (const object of objects.filter(isWorkload)) {
      const { containers } = (object as unknown as Workload).spec.template.spec;
      const files = containers[0].env.filter(({ name }) => name.endsWith('_FILE')).map(({ value }) => value);
      const mounted = JSON.stringify(object);
      for (const file of files) {
        expect(file).toMatch(/^\/etc\/catena\/secrets\//);
        expect(mounted).toContain(`"path":"${file.replace('/etc/catena/secrets/', '')}"`);
      }
    }
  });

  it('gives a pod more time than its drain, no token of the cluster, and no variables of other services', () => {
    for (const object of objects.filter(({ kind }) => kind === 'Deployment')) {
      const { terminationGracePeriodSeconds, enableServiceLinks, automountServiceAccountToken } = (
        object as unknown as Workload
      ).spec.template.spec;
      expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(40);
      expect([enableServiceLinks, automountServiceAccountToken]).toEqual([false, false]);
    }
  });
});

describe('values that cannot work', () => {
  it.each([
    ['a name that is none', 'servics.ingress.replicas=2', /additional properties 'servics'/],
    ['a layout that is none', 'layout=one', /layout/],
    ['scaling without the address of NATS', 'autoscaling.enabled=true', /natsMonitoring/],
    ['a route without the API', 'ingressRoute.enabled=true,ingressRoute.host=a.test', /api/],
    ['a digest that is none', 'image.digest=latest', /digest/],
  ])('are refused: %s', { timeout: 60_000 }, async (_, set, message) => {
    await expect(helm('template', 'demo', CHART, '--set', set)).rejects.toThrow(message);
  });
});

it('a field that no schema has, and a value of another kind, are found', { timeout: 120_000 }, async () => {
  const objects = await render();
  const deployment = structuredClone(objects.find(({ kind }) => kind === 'Deployment')!) as unknown as {
    spec: { replicas: unknown; template: { spec: { containers: Record<string, unknown>[] } } };
  };
  deployment.spec.replicas = 'two';
  deployment.spec.template.spec.containers[0]!.readOnlyRoot = true;
  const found = await problemsOf([deployment as unknown as KubernetesObject]);
  expect(found.some((line) => line.includes('replicas must be integer'))).toBe(true);
  expect(found.some((line) => line.includes('readOnlyRoot'))).toBe(true);
});

it('the values and their schema name the same things', () => {
  const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema;
  const values = parseAllDocuments(readFileSync(join(CHART, 'values.yaml'), 'utf8'), {
    merge: true,
  })[0]!.toJSON() as object;
  expect(namesOf(values)).toEqual(
    Object.keys(schema.properties!)
      .filter((name) => name !== 'global')
      .sort(),
  );
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
}

function namesOf(value: object): string[] {
  return Object.keys(value).sort();
}

function flat(tree: Record<string, unknown>): [string, unknown][] {
  return Object.entries(tree).flatMap(([group, value]) =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).map(([name, each]): [string, unknown] => [`${group}.${name}`, each])
      : [[group, value] as [string, unknown]],
  );
}
