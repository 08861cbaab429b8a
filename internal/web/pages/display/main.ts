import { mount } from 'svelte';
import '../shared/base.css';
import './display.css';
import App from './App.svelte';
import { screen } from './screen.svelte';

const target = document.getElementById('display');
if (!target) throw new Error('the page has no place for the display');

screen.begin();
mount(App, { target });
