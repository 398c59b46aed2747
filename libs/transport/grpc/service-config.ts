/** How channels spread and repeat calls: a service config, as gRPC names it. */
import type { TsProtoServiceDefinition } from 'nice-grpc';

/** Tries of a call, the first one included. */
const MAX_ATTEMPTS = 4;

/**
 * Round robin over every address. Methods that their proto declares free of side effects or idempotent are tried again when
 * a server was not there, with growing waits; all others fail at once, since nobody knows what became of them.
 */
export function serviceConfig({ fullName, methods }: TsProtoServiceDefinition): string {
  const repeatable = Object.values(methods).filter(({ options }) => options.idempotencyLevel !== undefined);
  return JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig:
      repeatable.length === 0
        ? []
        : [
            {
              name: repeatable.map(({ name }) => ({ service: fullName, method: name })),
              retryPolicy: {
                maxAttempts: MAX_ATTEMPTS,
                initialBackoff: '0.1s',
                maxBackoff: '2s',
                backoffMultiplier: 2,
                retryableStatusCodes: ['UNAVAILABLE'],
              },
            },
          ],
    // When most calls fail, repeating them only adds load.
    retryThrottling: { maxTokens: 100, tokenRatio: 0.1 },
  });
}
