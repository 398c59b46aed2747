/**
 * Loaded before a service (`node --import '…/profile-on-signal.ts?to=FILE'`): the first SIGUSR2 begins a CPU profile, the
 * second one ends it. So a profile shows the work, not the loading of modules before it.
 */
import { recordProfile } from '../record-profile.ts';

const to = new URL(import.meta.url).searchParams.get('to');
let recording: Promise<() => Promise<void>> | undefined;

process.on('SIGUSR2', () => {
  if (to === null) return;
  if (recording === undefined) recording = recordProfile(to);
  else void recording.then((stop) => stop());
});
