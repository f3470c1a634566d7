#!/bin/bash
# A Tomcat base of its own, one JSP application, then catalina in the foreground.
set -e
export CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE=/srv/tomcat
mkdir -p "$CATALINA_BASE"/{conf,logs,temp,work,webapps/ROOT}
cp -r /etc/tomcat10/. "$CATALINA_BASE/conf/"
printf '<%%@ page contentType="text/plain" %%>Hello <%%= request.getRemoteAddr() %%>\n' >"$CATALINA_BASE/webapps/ROOT/index.jsp"
exec "$CATALINA_HOME/bin/catalina.sh" run
