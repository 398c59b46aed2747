/** The only import of what every gRPC server offers beside its services: health, reflection and their definition files. */
export { DESCRIPTOR_SET } from './gen/descriptor-set.ts';
export {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthDefinition,
  type HealthServiceImplementation,
} from './gen/grpc/health/v1/health.ts';
export {
  ServerReflectionDefinition,
  ServerReflectionRequest,
  ServerReflectionResponse,
  type ServerReflectionServiceImplementation,
} from './gen/grpc/reflection/v1/reflection.ts';
export { ServerReflectionDefinition as ServerReflectionAlphaDefinition } from './gen/grpc/reflection/v1alpha/reflection.ts';
