/** Where the module of brand diagnosis is: the source, or the built package. Processes load it in their workers. */
import { extname } from 'node:path';

export const MODULE_FILE = new URL(`./brand-diagnosis${extname(import.meta.filename)}`, import.meta.url);
