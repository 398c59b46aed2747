/** The only import of the generated messages of `proto/`: each as a type, and as its codec of the same name. */
export {
  BlobRef,
  CachePolicy,
  Header,
  RenderMode,
  RequestModel,
  ResponseModel,
  Timings,
} from './gen/catena/v1/http.ts';
export {
  ChainDecision,
  ChainDecisionKind,
  ChainError,
  ErrorCause,
  ErrorClass,
  ErrorTaskModel,
  ExecutionContext,
  ParserTaskModel,
  TaskModel,
  TaskRef,
  UnifiedTaskInput,
} from './gen/catena/v1/task.ts';
