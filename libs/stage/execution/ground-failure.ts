/**
 * A call between services was not answered, or its answer decides nothing. Whoever made it for a message gives that back;
 * nothing is recorded with a node or a run. The reason is the cause.
 */
export class GroundFailure extends Error {
  override readonly name = 'GroundFailure';
}
