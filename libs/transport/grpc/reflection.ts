/** The standard reflection service, under its current and its older name. */
import { Status } from 'nice-grpc';
import { untilAborted } from '../../concurrency/abort.ts';
import {
  ServerReflectionAlphaDefinition,
  ServerReflectionDefinition,
  type ServerReflectionRequest,
  ServerReflectionResponse,
} from '../../contracts/rpc.ts';
import type { Descriptors } from './descriptors.ts';
import type { ServedCall } from './served-calls.ts';

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;

/** Both versions differ only in their name. */
export const REFLECTION_DEFINITIONS = [ServerReflectionDefinition, ServerReflectionAlphaDefinition] as const;

/** Answers from the descriptors; `services` are those of the server. */
export function reflection(descriptors: Descriptors, services: readonly string[]) {
  return {
    async *serverReflectionInfo(requests: AsyncIterable<ServerReflectionRequest>, { drain }: ServedCall) {
      for await (const request of untilAborted(requests, drain)) {
        yield ServerReflectionResponse.fromPartial({
          validHost: request.host,
          originalRequest: request,
          messageResponse: answer(request, descriptors, services),
        });
      }
    },
  };
}

function answer(
  { messageRequest }: ServerReflectionRequest,
  descriptors: Descriptors,
  services: readonly string[],
): Answer {
  switch (messageRequest?.$case) {
    case 'listServices':
      return { $case: 'listServicesResponse', value: { service: services.map((name) => ({ name })) } };
    case 'fileByFilename':
      return files(descriptors.fileNamed(messageRequest.value), `file ${messageRequest.value}`);
    case 'fileContainingSymbol':
      return files(descriptors.fileOf(messageRequest.value), `symbol ${messageRequest.value}`);
    case 'fileContainingExtension':
      return files(undefined, `extension of ${messageRequest.value.containingType}`);
    case 'allExtensionNumbersOfType':
      return descriptors.hasMessage(messageRequest.value)
        ? {
            $case: 'allExtensionNumbersResponse',
            value: { baseTypeName: messageRequest.value, extensionNumber: [] },
          }
        : files(undefined, `message ${messageRequest.value}`);
    case undefined:
      return failure(Status.INVALID_ARGUMENT, 'this server does not support this kind of request');
  }
}

function files(found: readonly Uint8Array[] | undefined, wanted: string): Answer {
  if (found === undefined) return failure(Status.NOT_FOUND, `this server has no ${wanted}`);
  return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto: found.map((bytes) => Buffer.from(bytes)) } };
}

function failure(errorCode: Status, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}
