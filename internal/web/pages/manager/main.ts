import { mount } from 'svelte';
import '../shared/base.css';
import './manager.css';
import App from './App.svelte';

const target = document.getElementById('manager');
if (!target) throw new Error('the page has no place for the manager');

mount(App, { target });
