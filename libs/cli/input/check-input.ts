import { CatenaError } from '../../errors/catena-error.ts';
import { checkWith, type Issue, issuesText } from '../../modules/check/schema-check.ts';
import { checkGivenInput, inputFields } from '../../modules/check/unknown-fields.ts';
import type { Schema } from '../../modules/contract/contract.ts';

/**
 * Checks the input that a command has put together from its options and files. Throws `cli.bad_input` with the path of each wrong field;
 * for one that the schema does not know with the nearest name.
 *
 * @param what what the input is of, for the message: `the diagnosis`
 */
export async function checkCommandInput(what: string, schema: Schema, input: unknown): Promise<void> {
  const refuse = (issues: readonly Issue[]): CatenaError =>
    new CatenaError('module.wrong_input', `the input of ${what} is wrong`, { data: { module: what, issues } });
  try {
    const checked = { checkInput: (given: unknown) => checkWith(schema, given, refuse) };
    await checkGivenInput({ id: what, checkInput: (given) => inputFields(checked, given) }, input);
  } catch (thrown) {
    if (!(thrown instanceof CatenaError) || thrown.code !== 'module.wrong_input') throw thrown;
    const issues = thrown.data.issues as readonly Issue[];
    throw new CatenaError('cli.bad_input', `the input of ${what} is wrong: ${issuesText(issues)}`, {
      data: { issues },
      remedy: 'correct these fields',
    });
  }
}
