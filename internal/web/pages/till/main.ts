import { mount } from 'svelte';
import '../shared/base.css';
import App from './App.svelte';
import { settings } from './settings.svelte';

const target = document.getElementById('till');
if (!target) throw new Error('the page has no place for the till');

settings.takeToken();
mount(App, { target });
