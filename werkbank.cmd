@echo off
rem Finds a Python that fits and hands over to app\launch.py; everything else is there.
setlocal
set "CHECK=import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))"
if defined WERKBANK_PYTHON call :try "%WERKBANK_PYTHON%" && goto run
call :try py -3.13 && goto run
call :try py -3.12 && goto run
call :try py -3.11 && goto run
call :try python && goto run
echo werkbank: Python 3.11, 3.12 or 3.13 is needed and was not found: www.python.org 1>&2
exit /b 3
:try
set "FOUND=%*"
%* -c "%CHECK%" >nul 2>nul
exit /b %ERRORLEVEL%
:run
%FOUND% "%~dp0app\launch.py" %*
exit /b %ERRORLEVEL%
