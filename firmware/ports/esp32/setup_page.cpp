#include "ports/esp32/setup_portal.h"

namespace fb::esp32 {
namespace {

/// Plain enough for the captive browsers of iOS and Android, which have no tabs, no storage and no way back: fetch and a
/// form, nothing newer than 2018.
constexpr char kSetupPage[] = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Set up this board</title>
<style>
:root{--bg:#fbfbfa;--card:#fff;--text:#1c1c1a;--muted:#5c5c57;--line:#c9c9c3;--act:#0b5c4b;--on:#fff;--bad:#a3230f;--good:#0b5c4b}
@media(prefers-color-scheme:dark){:root{--bg:#161615;--card:#20201e;--text:#ecece8;--muted:#a8a8a1;--line:#4a4a45;--act:#5fd0b5;--on:#08211b;--bad:#ff9a85;--good:#5fd0b5}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.45 system-ui,-apple-system,Roboto,sans-serif}
main{max-width:28rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.4rem;margin:0 0 .25rem}
p{margin:0 0 1rem;color:var(--muted)}
form{display:grid;gap:1rem}
label{display:grid;gap:.25rem;font-weight:600}
small{font-weight:400;color:var(--muted)}
input,select,button{font:inherit;color:inherit;min-height:2.75rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.5rem;background:var(--card);width:100%}
button{background:var(--act);color:var(--on);border-color:var(--act);font-weight:600}
button:disabled{opacity:.6}
:focus-visible{outline:2px solid var(--act);outline-offset:2px}
details{border:1px solid var(--line);border-radius:.5rem;padding:0 .75rem}
summary{min-height:2.75rem;padding:.6rem 0;cursor:pointer}
details label{margin-bottom:1rem}
.check{display:flex;align-items:center;gap:.5rem;font-weight:400}
.check input{width:1.25rem;min-height:1.25rem}
#say{min-height:1.5rem;margin:0}
#say.bad{color:var(--bad)}#say.good{color:var(--good)}
</style>
<main>
<h1>Set up this board</h1>
<p>Choose the Wi-Fi that the board is to use.</p>
<form id="form">
<label>Wi-Fi
<select id="nets" aria-describedby="hear"><option value="">Listening…</option></select>
<small id="hear">Only 2.4 GHz networks are heard.</small></label>
<label id="other" hidden>Name of the network
<input id="ssid" maxlength="32" autocapitalize="none" autocorrect="off" spellcheck="false" autocomplete="off"></label>
<label>Password
<input id="password" type="password" maxlength="64" autocomplete="off"></label>
<label class="check"><input id="show" type="checkbox">Show the password</label>
<details><summary>Broker and name (optional)</summary>
<label>Broker
<input id="uri" maxlength="200" placeholder="mqtt://192.168.1.10:1883" inputmode="url" autocapitalize="none" autocorrect="off" spellcheck="false"></label>
<label>User name at the broker
<input id="username" maxlength="64" autocapitalize="none" autocorrect="off" autocomplete="off"></label>
<label>Password at the broker
<input id="secret" type="password" maxlength="64" autocomplete="off"></label>
<label>Name of this board
<input id="name" maxlength="64"></label>
</details>
<button id="go">Connect</button>
<p id="say" role="status"></p>
</form>
</main>
<script>
var $=function(id){return document.getElementById(id)};
var reasons={'not-found':'This network was not heard. Is it 2.4 GHz, and near enough?','wrong-password':'The network did not take this password.','timeout':'The network did not answer in time.','lost':'The network was there and is gone.'};
var wrong={ssid:'The name of the network does not fit.',password:'The password does not fit.',uri:'The broker wants an address like mqtt://192.168.1.10:1883.',username:'The user name does not fit.',secret:'The password at the broker does not fit.',name:'The name of the board does not fit.'};
function say(text,kind){$('say').textContent=text;$('say').className=kind||''}
function ask(path,body){return fetch(path,body?{method:'POST',headers:{'Content-Type':'application/json'},body:JSON.stringify(body)}:{cache:'no-store'}).then(function(r){return r.json()})}
function choose(){$('other').hidden=$('nets').value!=='*'}
function fill(list){
var old=$('nets').value,seen={};$('nets').textContent='';
list.forEach(function(n){if(seen['$'+n.ssid])return;seen['$'+n.ssid]=1;
var o=document.createElement('option');o.value='='+n.ssid;o.textContent=n.ssid+(n.secured?'':' (open)')+(n.rssi<-80?' · weak':'');$('nets').appendChild(o)});
var o=document.createElement('option');o.value='*';o.textContent='Another network…';$('nets').appendChild(o);
if(old)$('nets').value=old;if($('nets').selectedIndex<0)$('nets').selectedIndex=0;choose()}
function listen(){ask('/setup/networks').then(function(a){if(a.listening)return setTimeout(listen,1000);
if(document.activeElement!==$('nets'))fill(a.networks);setTimeout(listen,20000)}).catch(function(){setTimeout(listen,3000)})}
function watch(){ask('/setup/status').then(function(s){
if(s.state==='joined'){say('Done: the board is in the network, at '+s.ip+'. You can close this page.','good');return}
if(s.state==='failed'){say(reasons[s.reason]||'The network could not be joined.','bad');$('go').disabled=false;return}
setTimeout(watch,1000)}).catch(function(){
say('The phone lost the board, which happens when it changes its channel. If “Fieldbench-…” is gone from your Wi-Fi list, the board is set up.');setTimeout(watch,3000)})}
$('nets').onchange=choose;
$('show').onchange=function(){$('password').type=this.checked?'text':'password'};
$('form').onsubmit=function(e){e.preventDefault();
var n=$('nets').value,f={ssid:n==='*'?$('ssid').value:n.slice(1)};
['password','uri','username','secret','name'].forEach(function(k){if($(k).value)f[k]=$(k).value});
if(!f.ssid){say('Choose a network first.','bad');return}
$('go').disabled=true;say('Joining '+f.ssid+'…');
ask('/setup',f).then(function(a){if(a.error){say(wrong[a.error]||a.error,'bad');$('go').disabled=false}else setTimeout(watch,1500)})
.catch(function(){setTimeout(watch,1500)})};
fill([]);listen();
</script>
</html>
)html";
static_assert(sizeof kSetupPage <= 8192);

}  // namespace

std::string_view setup_page() { return {kSetupPage, sizeof kSetupPage - 1}; }

}  // namespace fb::esp32
