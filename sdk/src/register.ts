/** `node --import @iron-cage/sdk/register agent.js`: the agent starts when the keys are here. */
import './auto.js';
