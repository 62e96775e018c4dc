export { dashboardFiles, dashboardPage } from './dashboard.js';
