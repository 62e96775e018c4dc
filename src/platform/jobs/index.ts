export { eachInTurn } from './each-in-turn.js';
export { Jobs } from './jobs.js';
