import { choice } from 'catena/extension';

export const settings = {
  'greeting.word': choice('How people are greeted.', 'Hello', ['Hello', 'Ciao', 'Moin']),
};
