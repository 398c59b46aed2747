import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Status } from 'nice-grpc';
import { describe, expect, it } from 'vitest';
import type { ServerReflectionRequest } from '../../contracts/rpc.ts';
import { readDescriptors } from './descriptors.ts';
import { reflection } from './reflection.ts';

const descriptors = readDescriptors();
const call = { drain: new AbortController().signal };

async function ask(messageRequest: ServerReflectionRequest['messageRequest']) {
  const requests = (async function* () {
    yield { host: 'here', messageRequest };
  })();
  const answers = [];
  for await (const answer of reflection(descriptors, ['a.B']).serverReflectionInfo(requests, call)) {
    answers.push(answer);
  }
  expect(answers).toHaveLength(1);
  expect(answers[0]).toMatchObject({ validHost: 'here', originalRequest: { host: 'here', messageRequest } });
  return answers[0]!.messageResponse;
}

async function fileNames(request: ServerReflectionRequest['messageRequest']): Promise<string[]> {
  const answer = await ask(request);
  if (answer?.$case !== 'fileDescriptorResponse') throw new Error(`no files, but ${JSON.stringify(answer)}`);
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}

describe('reflection', () => {
  it('lists the services that it was given', async () => {
    expect(await ask({ $case: 'listServices', value: '' })).toMatchObject({ value: { service: [{ name: 'a.B' }] } });
  });

  it('gives a file with all that it imports', async () => {
    const names = await fileNames({ $case: 'fileByFilename', value: 'catena/v1/http.proto' });
    expect(names).toEqual(['catena/v1/http.proto', 'catena/v1/task.proto']);
  });

  it.each([
    'catena.v1.ErrorThreshold',
    'catena.v1.ErrorThreshold.Decide',
    'grpc.health.v1.HealthCheckResponse',
    'grpc.health.v1.HealthCheckResponse.status',
    'grpc.health.v1.HealthCheckResponse.ServingStatus',
    'grpc.health.v1.HealthCheckResponse.SERVING',
    'catena.v1.ERROR_CLASS_FATAL',
  ])('finds the file of %s', async (value) => {
    const [first] = await fileNames({ $case: 'fileContainingSymbol', value });
    expect(first).toBe(
      value.includes('ErrorThreshold')
        ? 'catena/v1/error_threshold.proto'
        : value.startsWith('grpc')
          ? 'grpc/health/v1/health.proto'
          : 'catena/v1/task.proto',
    );
  });

  it('says of a message that it has no extensions', async () => {
    expect(await ask({ $case: 'allExtensionNumbersOfType', value: 'catena.v1.TaskModel' })).toMatchObject({
      $case: 'allExtensionNumbersResponse',
      value: { baseTypeName: 'catena.v1.TaskModel', extensionNumber: [] },
    });
  });

  it.each([
    { $case: 'fileByFilename', value: '../../etc/passwd' },
    { $case: 'fileContainingSymbol', value: '' },
    { $case: 'fileContainingSymbol', value: 'catena.v1' },
    { $case: 'fileContainingExtension', value: { containingType: 'catena.v1.TaskModel', extensionNumber: 1 } },
    { $case: 'allExtensionNumbersOfType', value: 'catena.v1.Nothing' },
  ] as const)('says that there is no such thing as $case $value', async (request) => {
    expect(await ask(request)).toMatchObject({ $case: 'errorResponse', value: { errorCode: Status.NOT_FOUND } });
  });

  it('answers a question that it does not know', async () => {
    expect(await ask(undefined)).toMatchObject({ value: { errorCode: Status.INVALID_ARGUMENT } });
  });
});

it('refuses bytes that are no descriptor set', () => {
  expect(() => readDescriptors(Buffer.from('nonsense'))).toThrow();
});
