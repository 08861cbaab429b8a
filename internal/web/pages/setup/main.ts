import { mount } from 'svelte';
import '../shared/base.css';
import App from './App.svelte';

const target = document.getElementById('setup');
if (!target) throw new Error('the page has no place for the setup');

mount(App, { target });
