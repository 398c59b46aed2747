/**
 * What authors of extensions import from `catena/extension`; their modules import `catena`. Brand diagnosis imports nothing
 * else of the engine: an architecture test checks it.
 */

// Defining an extension, and errors: their family is named after the extension.

export { CatenaError, type CatenaErrorOptions, type FailureClass } from '../errors/catena-error.ts';
export { defineExtension, type Extension, type RoutePorts, type RunVerdict } from './extension.ts';

// Settings: their kinds, and their values.

export { valuesOf } from '../config/load-config.ts';
export {
  choice,
  decimal,
  flag,
  headerText,
  integer,
  listenAddress,
  optionalInteger,
  optionalList,
  optionalListenAddress,
  optionalNames,
  optionalPath,
  optionalPaths,
  optionalSecret,
  optionalTarget,
  path,
  type Setting,
  type Settings,
  url,
  type ValuesOf,
} from '../config/setting.ts';

// Runs: their records, their state, their tasks, and the modules of a process.

export type { ServedModule } from '../calls/served-module.ts';
export type { ModuleSnapshot, PhaseSnapshot, RunSnapshot } from '../coordination/protocol/reads.ts';
export type { ModuleDefinition } from '../modules/contract/definition.ts';
export { secretSource } from '../stage/run/secret-source.ts';
export type { TaskSubmission } from '../stage/run/submit.ts';
export type { AccountRecord, NewRun, RunEnd, RunRecord, Store, StoredItem } from '../store/port.ts';

// Routes: their types, their errors, and the wait of a long poll.

export { unlessAborted } from '../concurrency/abort.ts';
export { type FieldIssue, invalidArgument, requireNone } from '../contracts/request-check.ts';
export { healthBody, testBody } from '../transport/http/basic-routes.ts';
export { type ErrorBody, errorBody } from '../transport/http/error-body.ts';
export type { HttpBase, HttpRoutes } from '../transport/http/http-app.ts';
export { type LongPoll, longPoll } from '../transport/http/long-poll.ts';
export type { HttpApp } from '../transport/http/zod-routes.ts';

// Commands: their context, common options, running a module, reading runs, and output for people.

export type { CliContext, ConfigOptions, Done } from '../cli/context.ts';
export { effectiveConfig } from '../cli/effective-config.ts';
export { ExitCode, type ExitCodeValue } from '../cli/exit-codes.ts';
export { checkCommandInput } from '../cli/input/check-input.ts';
export { readInputFile } from '../cli/input/input-file.ts';
export { csvLines } from '../cli/output/csv-lines.ts';
export { outputError, unwritable } from '../cli/output/output-error.ts';
export { collect, jsonOption, RUN_ARGUMENT, withConfig, withLocation } from '../cli/program/options.ts';
export { type FailedNode, readFailedNodes } from '../cli/read/failed-nodes.ts';
export { openReader } from '../cli/read/open-reader.ts';
export { withRuns } from '../cli/read/open-source.ts';
export type { RunSource } from '../cli/read/run-source.ts';
export { runModule } from '../cli/run/run-module.ts';
export type { ModuleWork, RunLooker, RunOptions, RunView, Work } from '../cli/run/work.ts';
export { commandFor, type FileLocation, locationOf, type RunLocation } from '../cli/run-location.ts';
export { jsonReporter, type Reporter } from '../cli/status/reporter.ts';
export { formatTable, oneLine, padEnd, padStart } from '../cli/terminal/format.ts';
export { type Io, type Paint, paintFor } from '../cli/terminal/io.ts';

// Failures, time, logs and alerts.

export { type Clock, systemClock } from '../clock/clock.ts';
export { type FailureKind, groupFailures } from '../explain/failures.ts';
export type { Alert } from '../telemetry/alerts/alert.ts';
export { createLog, type Log } from '../telemetry/log.ts';
